"""The server under load: clients that ask one request after another, at once, over every kind of route.

    python benchmarks/service.py [--clients 32] [--minutes 1] [--json]
    python benchmarks/service.py --slow-model [--json]

Starts `clinweave serve` (no model, the knowledge base in CLINWEAVE_HOME) on a free port, waits until /ready says that
its tables are prepared, warms it up, and lets the clients call link, search, concept, graph, diagnose and ask in a
fixed random mix. Prints for each route the requests, the statuses, and the seconds of a request (median, 99th
percentile, longest); the share refused (429), the requests per second, the server's processor time for each request
(which other work on the machine does not change), the server's memory after the warm-up, half way and at the end, and
the load of the machine. The last line says which targets were met: no 5xx, under 1 % refused, look-ups under 2 s at
the 99th percentile, 20 requests a second.

With --slow-model a scripted model takes 5 seconds for each reply: four clients wait for it while others look things up;
their seconds are printed beside those without the model at work.
"""

import argparse
import http.client
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

NOTES = (
    "A 16-year-old girl with ectopia lentis, scoliosis and aortic root dilatation. No seizures.",
    "The boy has recurrent seizures, hypotonia and global developmental delay; hearing is normal.",
    "She reports palpitations and tremor. Her mother has hypothyroidism. No weight loss.",
    "Infant with cholestatic jaundice, butterfly vertebrae, broad forehead and pulmonary stenosis.",
    "Short stature, webbed neck, cubitus valgus and primary amenorrhoea were noted.",
    "Ataxia, telangiectasia of the conjunctiva and recurrent sinopulmonary infections since age three.",
)
QUERIES = (
    "treatment of Marfan syndrome", "signs of hypothyroidism in children", "aortic root dilatation",
    "genetic changes in cystic fibrosis", "how is celiac disease diagnosed", "inheritance of hemophilia",
)  # fmt: skip
QUESTIONS = (
    "Which gene is associated with Marfan syndrome?", "What are the symptoms of Alagille syndrome?",
    "How is cystic fibrosis inherited?", "What causes ataxia-telangiectasia?",
    "What are the treatments for hemochromatosis?", "Which diseases have the feature ectopia lentis?",
)  # fmt: skip
CONCEPTS = ("MONDO:0007947", "MONDO:0009061", "HP:0001250", "HP:0001083", "HGNC:3603", "MONDO:0016419")
FINDINGS = (
    "HP:0001250", "HP:0001251", "HP:0001083", "HP:0001166", "HP:0002650", "HP:0000365", "HP:0001252", "HP:0001263",
    "HP:0002616", "HP:0000252", "HP:0004322", "HP:0000408", "HP:0001629", "HP:0000518", "HP:0001638", "HP:0002240",
)  # fmt: skip
MIX = (("link", 5), ("search", 4), ("concept", 2), ("graph", 3), ("diagnose", 3), ("ask", 3))
LOOK_UPS = ("link", "search", "concept", "graph")


@dataclass
class Calls:
    """What the clients saw: seconds and statuses by route."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    statuses: dict[str, Counter[int]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, route: str, status: int, seconds: float) -> None:
        with self.lock:
            self.seconds.setdefault(route, []).append(seconds)
            self.statuses.setdefault(route, Counter())[status] += 1

    def row(self, route: str) -> dict[str, object]:
        values = sorted(self.seconds[route])
        return {
            "route": route,
            "requests": len(values),
            "statuses": {str(key): count for key, count in sorted(self.statuses[route].items())},
            "median": round(values[len(values) // 2], 3),
            "p99": round(percentile(values, 0.99), 3),
            "longest": round(values[-1], 3),
        }


def percentile(values: list[float], share: float) -> float:
    return values[min(len(values) - 1, int(share * len(values)))]


@contextmanager
def served(*options: str) -> Iterator[tuple[str, int]]:
    """Yield the address and process id of a server."""
    command = [sys.executable, "-m", "clinweave", "serve", "--port", "0", "--json", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise SystemExit(
                "the server did not start: set CLINWEAVE_HOME to a folder with a graph and an index"
            )
        yield json.loads(line)["page"], process.pid
    finally:
        process.terminate()
        process.wait()


def request_of(route: str, choose: random.Random) -> tuple[str, str, dict[str, object] | None]:
    """Return method, path and body of a request."""
    if route in {"concept", "graph"}:
        return "GET", f"/api/v1/{route}/{choose.choice(CONCEPTS)}?limit=40", None
    bodies: dict[str, dict[str, object]] = {
        "link": {"text": choose.choice(NOTES)},
        "search": {"query": choose.choice(QUERIES)},
        "diagnose": {"observed": choose.sample(FINDINGS, 4)},
        "ask": {"question": choose.choice(QUESTIONS)},
    }
    return "POST", f"/api/v1/{route}", bodies[route]


class Client:
    """One client with one connection."""

    def __init__(self, address: str, calls: Calls) -> None:
        self._host, self._calls = urlsplit(address).netloc, calls
        self._connection = http.client.HTTPConnection(self._host, timeout=120)

    def call(self, route: str, method: str, path: str, body: dict[str, object] | None) -> None:
        """Send a request and note its outcome; a lost connection counts as status 0."""
        started = time.perf_counter()
        try:
            text = json.dumps(body) if body is not None else None
            self._connection.request(method, path, text, {"Content-Type": "application/json"})
            reply = self._connection.getresponse()
            reply.read()
            status = reply.status
        except (OSError, http.client.HTTPException):
            status = 0
            self._connection.close()
        self._calls.add(route, status, time.perf_counter() - started)
        if status == 429:
            time.sleep(0.5)


def load(address: str, clients: int, seconds: float, mix: tuple[tuple[str, int], ...] = MIX) -> Calls:
    """Return what `clients` saw that asked for some seconds."""
    calls, end = Calls(), time.monotonic() + seconds
    routes = [route for route, weight in mix for _ in range(weight)]

    def work(number: int) -> None:
        choose, client = random.Random(number), Client(address, calls)
        while time.monotonic() < end:
            route = choose.choice(routes)
            client.call(route, *request_of(route, choose))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return calls


def memory(process: int) -> float:
    """Return the resident memory of a process in MiB."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return round(int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024, 1)


def processor_seconds(process: int) -> float:
    """Return the processor time that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait_until_prepared(address: str, seconds: float = 900) -> None:
    """Wait until the server has prepared its tables: until then it answers `diagnose` with 503, as it says."""
    end, states = time.monotonic() + seconds, {}
    while time.monotonic() < end:
        connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
        connection.request("GET", "/ready")
        states = json.loads(connection.getresponse().read())["prepared"]
        connection.close()
        if not {"waiting", "preparing"} & set(states.values()):
            return
        time.sleep(1)
    raise SystemExit(f"the server was not prepared after {seconds:.0f} s: {states}")


def warm_up(address: str) -> None:
    """Call each route with each of its inputs once: what is opened on first use is open then."""
    wait_until_prepared(address)
    calls = Calls()
    client, choose = Client(address, calls), random.Random(0)
    for route, _ in MIX:
        for _ in range(6):
            client.call(route, *request_of(route, choose))


def under_load(clients: int, minutes: float) -> dict[str, object]:
    """Return the figures of a load."""
    with served("--model", "none") as (address, process):
        warm_up(address)
        resident = [memory(process)]
        halves = []
        started, used = time.monotonic(), processor_seconds(process)
        for _ in range(2):
            halves.append(load(address, clients, minutes * 30))
            resident.append(memory(process))
        seconds, used = time.monotonic() - started, processor_seconds(process) - used
    calls = Calls()
    for half in halves:
        for route, values in half.seconds.items():
            calls.seconds.setdefault(route, []).extend(values)
            calls.statuses.setdefault(route, Counter()).update(half.statuses[route])
    statuses = sum(calls.statuses.values(), Counter[int]())
    total = statuses.total()
    rows = [calls.row(route) for route, _ in MIX if route in calls.seconds]
    rate, refused = total / seconds, statuses[429] / total
    slow = max(float(str(row["p99"])) for row in rows if row["route"] in LOOK_UPS)
    errors = sum(count for status, count in statuses.items() if status >= 500 or status == 0)
    return {
        "clients": clients,
        "minutes": minutes,
        "load_average": round(os.getloadavg()[0], 1),
        "routes": rows,
        "requests_per_second": round(rate, 1),
        "processor_ms_per_request": round(1000 * used / total, 1),
        "refused": round(refused, 4),
        "memory_mib": {"start": resident[0], "half": resident[1], "end": resident[2]},
        "targets": {
            "no 5xx": errors == 0,
            "refused under 1 %": refused < 0.01,
            "look-ups p99 under 2 s": slow < 2,
            "20 requests a second": rate >= 20,
            "memory flat (under 5 % from half way)": resident[2] < 1.05 * resident[1],
        },
    }


def beside_a_slow_model() -> dict[str, object]:
    """Return the seconds of look-ups without and with four replies of a slow model at work."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "slow.json"
        script.write_text(
            json.dumps({"otherwise": "FBN1 is associated with Marfan syndrome [1].", "seconds": 5})
        )
        options = ("--model", f"scripted:{script}", "--knowledge", "graph,text")
        with served(*options) as (address, _):
            mix = tuple(item for item in MIX if item[0] in LOOK_UPS)
            warm_up(address)
            alone = load(address, 4, 15, mix)
            asked, ended = Calls(), threading.Event()

            def ask() -> None:
                client, choose = Client(address, asked), random.Random(1)
                while not ended.is_set():
                    client.call("ask", *request_of("ask", choose))

            threads = [threading.Thread(target=ask) for _ in range(4)]
            for thread in threads:
                thread.start()
            beside = load(address, 4, 15, mix)
            ended.set()
            for thread in threads:
                thread.join()
    return {
        "load_average": round(os.getloadavg()[0], 1),
        "alone": [alone.row(route) for route, _ in mix if route in alone.seconds],
        "beside the model": [beside.row(route) for route, _ in mix if route in beside.seconds],
        "the model": [asked.row("ask")],
    }


def show(result: dict[str, object]) -> None:
    """Print the figures as tables."""
    for name, value in result.items():
        if isinstance(value, list):
            print(
                f"\n{name}\n{'route':<10} {'requests':>8} {'median s':>9} {'p99 s':>7} {'longest':>8}  statuses"
            )
            for row in value:
                print(
                    f"{row['route']:<10} {row['requests']:>8} {row['median']:>9} {row['p99']:>7} {row['longest']:>8}  "
                    + ", ".join(f"{code}: {count}" for code, count in row["statuses"].items())
                )
        elif isinstance(value, dict):
            print(f"{name}: " + ", ".join(f"{key} {item}" for key, item in value.items()))
        else:
            print(f"{name}: {value}")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--slow-model", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    result = beside_a_slow_model() if options.slow_model else under_load(options.clients, options.minutes)
    if options.json:
        print(json.dumps(result))
    else:
        show(result)


if __name__ == "__main__":
    main()

"""Schemathesis over the OpenAPI document, on a real server: every reply is one that the document describes."""

import pytest
from hypothesis import HealthCheck, given, settings

from clinweave.service import ChatHandler, ServiceState
from tests.service.conftest import running
from tests.service.pages import small_base

schemathesis = pytest.importorskip("schemathesis", reason="in the test extra")
positive_data_acceptance = pytest.importorskip("schemathesis.specs.openapi.checks").positive_data_acceptance
EXAMPLES = settings(
    max_examples=20, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(scope="module")
def schema(tmp_path_factory):
    base = small_base(tmp_path_factory.mktemp("home"))
    state = ServiceState.create(ChatHandler(base, name="clinweave", retrievers=("graph", "text")))
    with running(state) as address:
        yield schemathesis.openapi.from_url(f"{address}/openapi.json")


def test_every_reply_is_described(schema):
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) > 12
    for operation in operations:

        @EXAMPLES
        @given(operation.as_strategy())
        def check(case):
            # a schema cannot say which vocabularies and concepts there are: 422 is right for others
            case.call_and_validate(excluded_checks=[positive_data_acceptance], timeout=60)

        check()

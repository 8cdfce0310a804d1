"""A Llama- or Qwen2-shaped model of random weights and a byte-level tokenizer, small enough to write in a test."""

from pathlib import Path

import gguf
import numpy as np

WIDTH, HEADS, KEY_HEADS, INNER, LAYERS = 64, 4, 2, 96, 3
CHATML = (
    "{% for message in messages %}"
    "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
MERGES = [
    "t h",
    "th e",
    "i n",
    "a n",
    "an d",
    "e r",
    "o n",
    "r e",
    "e n",
    "Ġ th",
    "Ġ a",
    "s e",
    "i s",
    "o r",
    "in g",
    "Ġth e",
]
SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]


def _bytes() -> list[str]:
    """Return GPT-2's visible stand-in for each byte: printable bytes stand for themselves."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    stand_ins, spare = {}, 256
    for byte in range(256):
        if byte in printable:
            stand_ins[byte] = chr(byte)
        else:
            stand_ins[byte] = chr(spare)
            spare += 1
    return [stand_ins[byte] for byte in range(256)]


def write(path: Path, *, architecture: str = "llama", seed: int = 0, extra: str | None = None) -> Path:
    """Write the model; `extra` names one more tensor that no such architecture has."""
    rng = np.random.default_rng(seed)
    words = [*SPECIALS, *_bytes(), *(merge.replace(" ", "") for merge in MERGES)]
    out = gguf.GGUFWriter(path, architecture)
    out.add_name("tiny")
    out.add_context_length(512)
    out.add_embedding_length(WIDTH)
    out.add_block_count(LAYERS)
    out.add_feed_forward_length(INNER)
    out.add_head_count(HEADS)
    out.add_head_count_kv(KEY_HEADS)
    out.add_layer_norm_rms_eps(1e-5)
    out.add_rope_freq_base(10000.0)
    out.add_rope_dimension_count(WIDTH // HEADS)
    out.add_vocab_size(len(words))
    out.add_tokenizer_model("gpt2")
    out.add_tokenizer_pre("gpt-2")
    out.add_token_list(words)
    out.add_token_types([3] * len(SPECIALS) + [1] * (len(words) - len(SPECIALS)))
    out.add_token_merges(MERGES)
    out.add_bos_token_id(1)
    out.add_eos_token_id(2)
    out.add_add_bos_token(False)
    out.add_chat_template(CHATML)

    def put(name: str, *shape: int, scale: float = 0.12, at: float = 0.0) -> None:
        values = at + scale * rng.standard_normal(shape)
        if name.startswith("token_embd"):
            # bytes that are no ASCII letter alone would make replies that are no text
            values[[place for place, word in enumerate(words) if not word.isascii()]] *= 0.01
        out.add_tensor(name, values.astype(np.float32))

    size = WIDTH // HEADS
    put("token_embd.weight", len(words), WIDTH, scale=0.5)
    put("output_norm.weight", WIDTH, at=1.0)
    for layer in range(LAYERS):
        block = f"blk.{layer}."
        put(block + "attn_norm.weight", WIDTH, at=1.0)
        put(block + "ffn_norm.weight", WIDTH, at=1.0)
        for part, rows in (("q", WIDTH), ("k", KEY_HEADS * size), ("v", KEY_HEADS * size)):
            put(f"{block}attn_{part}.weight", rows, WIDTH, scale=0.25)
            if architecture == "qwen2":
                put(f"{block}attn_{part}.bias", rows, scale=0.5)
        put(block + "attn_output.weight", WIDTH, WIDTH)
        put(block + "ffn_gate.weight", INNER, WIDTH)
        put(block + "ffn_up.weight", INNER, WIDTH)
        put(block + "ffn_down.weight", WIDTH, INNER)
    if extra:
        put(extra, 4)
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()
    return path

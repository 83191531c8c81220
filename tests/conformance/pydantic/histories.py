"""Pydantic AI as the judge of message histories.

    histories.py make SEED COUNT TO     writes about COUNT histories of its own
    histories.py load FROM TO           reads histories and writes them again
    histories.py compare THESE THOSE    fails unless both hold the same

A file is a JSON array of histories.
"""

import json
import sys
import warnings
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError
from pydantic_ai.messages import ModelMessagesTypeAdapter
from schema_values import SchemaValues

# Until kinds could be of any name, a part with one was of a class of its own.
NOT_ALONE = {('ToolCallPart', 'tool_kind'), ('ToolReturnPart', 'tool_kind')}

def read(path: str) -> list[Any]:
    histories = json.loads(Path(path).read_text())
    return [ModelMessagesTypeAdapter.validate_python(x) for x in histories]


def write(path: str, histories: list[Any]) -> None:
    texts = [ModelMessagesTypeAdapter.dump_json(x).decode() for x in histories]
    Path(path).write_text('[' + ',\n'.join(texts) + ']')


def make(seed: int, count: int) -> list[Any]:
    """Histories in which every property of every kind of part has a value."""
    definitions = ModelMessagesTypeAdapter.json_schema(mode='serialization')['$defs']
    values = SchemaValues(definitions, seed)
    missing = {
        (name, key)
        for name, schema in definitions.items()
        for key in schema.get('properties', {})
    } - NOT_ALONE
    messages: list[Any] = []
    for attempt in range(count * 100):
        # Enough of them; from here on only those that were still missing.
        is_enough = attempt >= count * 10
        if is_enough and not missing:
            break
        values.made.clear()
        value = values.of(values.random.choice(['ModelRequest', 'ModelResponse']))
        if is_enough and not missing & values.made:
            continue
        try:
            message = ModelMessagesTypeAdapter.validate_python([value])
            ModelMessagesTypeAdapter.dump_json(message)
        except (ValidationError, PydanticSerializationError):
            continue  # a schema cannot say all that a message has to be
        messages += message
        missing -= values.made
    assert not missing, f'no valid value was made for {sorted(missing)}'
    return [messages[i : i + 5] for i in range(0, len(messages), 5)]


def compare(these: list[Any], those: list[Any]) -> None:
    assert len(these) == len(those), f'{len(these)} histories, and {len(those)}'
    for index, (this, that) in enumerate(zip(these, those)):
        assert this == that, f'history {index} differs:\n{this}\n{that}'


def main() -> None:
    match sys.argv[1:]:
        case ['make', seed, count, to]:
            write(to, make(int(seed), int(count)))
        case ['load', source, to]:
            write(to, read(source))
        case ['compare', these, those]:
            compare(read(these), read(those))
        case _:
            sys.exit(__doc__)


if __name__ == '__main__':
    warnings.simplefilter('ignore')
    main()

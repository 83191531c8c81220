"""Values that a JSON Schema allows, made with every branch of it in turn."""

import base64
import random
from typing import Any

TEXTS = ['', 'x', 'ä "quoted"\n', '{}', 'https://example.com/a.png']
TIMES = ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.000006Z']
DEPTH_MAX = 12


class SchemaValues:
    """Makes values of the definitions of one schema.

    `made` holds (definition, property) for each property that was given a value
    other than null.
    """

    def __init__(self, definitions: dict[str, Any], seed: int):
        self.definitions = definitions
        self.random = random.Random(seed)
        self.made: set[tuple[str, str]] = set()

    def of(self, name: str) -> Any:
        return self._value({'$ref': f'#/$defs/{name}'}, '', 0)

    def anything(self, depth: int = 0) -> Any:
        kind = self.random.randrange(4 if depth > 1 else 6)
        if kind == 4:
            return [self.anything(depth + 1) for _ in range(2)]
        if kind == 5:
            return {f'k{i}': self.anything(depth + 1) for i in range(2)}
        return [None, True, 7, self.random.choice(TEXTS)][kind]

    def _value(self, schema: dict[str, Any], name: str, depth: int) -> Any:
        if '$ref' in schema:
            name = schema['$ref'].rsplit('/', 1)[-1]
            return self._value(self.definitions[name], name, depth)
        if 'const' in schema:
            return schema['const']
        if 'enum' in schema:
            return self.random.choice(schema['enum'])
        for union in ('anyOf', 'oneOf'):
            if union in schema:
                return self._choice(schema[union], depth)
        match schema.get('type'):
            case 'string':
                return self._text(schema.get('format'))
            case 'integer':
                return self.random.randrange(1000)
            case 'number':
                return self.random.randrange(1000) / 4
            case 'boolean':
                return self.random.random() < 0.5
            case 'null':
                return None
            case 'array':
                size = self.random.randrange(1, 4) if depth < DEPTH_MAX else 1
                items = schema.get('items', {})
                return [self._value(items, '', depth + 1) for _ in range(size)]
            case 'object':
                return self._object(schema, name, depth)
            case _:
                return self.anything(depth)

    def _property(self, key: str, schema: dict[str, Any], depth: int) -> Any:
        # A decimal number, which the schema calls a string.
        if key == 'cost':
            return self.random.choice([None, '0', '0.10', '1.25E-7'])
        # Some texts have to be what their default is.
        if schema.get('default') is not None and self.random.random() < 0.5:
            return schema['default']
        return self._value(schema, '', depth + 1)

    def _choice(self, options: list[dict[str, Any]], depth: int) -> Any:
        if depth >= DEPTH_MAX:
            plain = [x for x in options if x.get('type') in ('null', 'string')]
            options = plain or options
        return self._value(self.random.choice(options), '', depth + 1)

    def _text(self, form: str | None) -> str:
        match form:
            case 'date-time':
                return self.random.choice(TIMES)
            case 'duration':
                return 'PT1.5S'
            case 'base64url':
                data = self.random.randbytes(self.random.randrange(6))
                return base64.urlsafe_b64encode(data).decode()
            case _:
                return self.random.choice(TEXTS)

    def _object(self, schema: dict[str, Any], name: str, depth: int) -> Any:
        required = schema.get('required', [])
        result = {}
        for key, value in schema.get('properties', {}).items():
            if key not in required and 'const' not in value and self.random.random() < 0.3:
                continue
            result[key] = self._property(key, value, depth)
            if result[key] is not None:
                self.made.add((name, key))
        further = schema.get('additionalProperties')
        if further:
            values = further if isinstance(further, dict) else {}
            for i in range(self.random.randrange(3)):
                result[f'k{i}'] = self._value(values, '', depth + 1)
        return result

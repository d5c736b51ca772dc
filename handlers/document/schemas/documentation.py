"""The schemas of the API's documentation."""

from handlers.document.schemas.build import Schema

SCHEMAS: dict[str, Schema] = {
    'OpenApi': {'type': 'object', 'description': 'An OpenAPI 3.1 document.'},
    'Page': {'type': 'string', 'description': 'A page for people.'},
    'Style': {'type': 'string', 'description': 'A style sheet.'},
}

"""Stackfiles: parsing, validation, defaults, edits, and rendering to ECS. Pure: no I/O.

Storing them is in `stack.state`, comparing them with what runs in `stack.reconcile`.

=====================  ==========================================================================
fields                 the field table, the source of everything below
shapes, values, pairs  the values of fields
entries, rendering     parts of the table: the shape of a mapping, the place of a value in ECS
reading                parsers with positions: yaml12 (scalars), json_text, places
check                  validation: schema (shape), semantics (meaning), problems
effective              settings with defaults and inherited values filled in
editing                edits of stored documents, valid or not
task_definition        arguments of RegisterTaskDefinition; normal_form: comparison; naming
json_schema            JSON Schema for editors; documentation: tables of docs/stackfile.md
=====================  ==========================================================================
"""

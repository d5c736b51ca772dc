"""Stackfiles: read, checked, merged, edited, and turned into what ECS is given. Pure: no I/O.

=====================  ==========================================================================
fields                 every field, once; all that follows comes from this table
shapes, values, pairs  what the values of fields may be
entries, rendering     what the table is made of: a mapping's shape, and a value's place in ECS
reading                texts into data: yaml12 (scalars), json_text, places
check                  everything that is wrong: schema (shape), semantics (meaning), problems
effective              settings with defaults and inherited values filled in
editing                edits of stored documents, perfect or not
task_definition        what ECS is told, and when two definitions are the same; naming
json_schema            for editors; documentation: for docs/stackfile.md
=====================  ==========================================================================
"""

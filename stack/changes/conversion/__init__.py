"""Conversion of other tools' files to a stackfile. Pure, except for the command that reads the files.

===============  =======================================================================
draft            a service in the making: its settings, and notes on what has no counterpart
units            durations, sizes and command lines as Compose and Copilot write them
compose          Docker Compose
copilot          manifests of AWS Copilot
ecs_json         task definitions in JSON, and ecspresso
import_command   the command `import`
===============  =======================================================================
"""

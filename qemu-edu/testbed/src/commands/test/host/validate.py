# validate.py SCHEMA FILE: exits with 1 and names each place where FILE breaks SCHEMA.
import sys

import jsonschema
import yaml

schema_path, path = sys.argv[1:]
with open(schema_path) as schema_file, open(path) as file:
    schema = yaml.safe_load(schema_file)
    document = yaml.safe_load(file)
faults = list(jsonschema.Draft7Validator(schema).iter_errors(document))
for fault in faults:
    place = "/".join(str(part) for part in fault.absolute_path) or "top"
    print(f"{path}: {place}: {fault.message}")
sys.exit(1 if faults else 0)

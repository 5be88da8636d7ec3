"""Decodes messages by the kernel's client, and prints where it says something else."""

import json
import os
import sys

SOURCE, MESSAGES = sys.argv[1:]
sys.path.append(os.path.join(SOURCE, "tools/net/ynl"))
sys.path.append(os.path.join(SOURCE, "tools/net/ynl/pyynl"))

from pyynl.cli import YnlEncoder  # noqa: E402
from pyynl.lib import SpecFamily, YnlFamily  # noqa: E402
from pyynl.lib.ynl import NlAttrs  # noqa: E402


class Offline(YnlFamily):
    """The client without a socket."""

    def __init__(self, path):
        SpecFamily.__init__(self, path, "")
        self.process_unknown = True
        self.sock = None

    def decode(self, command, payload):
        """As handle_ntf, which puts the result into a queue."""
        op = self.rsp_by_value[command]
        attributes = NlAttrs(payload, self.struct_size(op.fixed_header))
        said = self._decode(attributes, op.attr_set.name)
        if op.fixed_header:
            said.update(self._decode_struct(payload, op.fixed_header))
        return json.loads(json.dumps(said, cls=YnlEncoder))


families = {}
wrong = 0
with open(MESSAGES, encoding="utf-8") as lines:
    for line in lines:
        message = json.loads(line)
        name = message["spec"]
        if name not in families:
            path = os.path.join(SOURCE, "Documentation/netlink/specs", name)
            families[name] = Offline(path)
        said = families[name].decode(message["command"], bytes.fromhex(message["message"]))
        if said != message["decoded"]:
            wrong += 1
            print(f"{name}, command {message['command']}, {message['message']}:")
            print(f"  the kernel's client says {json.dumps(said)}")
            print(f"  irqcast-ynl says         {json.dumps(message['decoded'])}")
print(f"{len(families)} families, {wrong} messages are decoded in another way")
sys.exit(1 if wrong or not families else 0)

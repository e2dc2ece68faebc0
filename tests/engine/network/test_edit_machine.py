"""Any sequence of all edits there are: the network stays whole, and its flat form can be made."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from engine.network.edits import EditError
from engine.network.model import CANVAS_LIMIT, Network, changes
from tests.engine.network.any_edit import any_edit
from tests.engine.network.graphs import check_whole, dags


class EditMachine(RuleBasedStateMachine):
    @initialize(network=dags(6))
    def begin(self, network: Network) -> None:
        self.network = network

    @rule(data=st.data())
    def edit(self, data: st.DataObject) -> None:
        """What `changes` names is all that differs."""
        before = self.network
        try:
            after = any_edit(data.draw, before).apply(before)
        except EditError:
            return
        difference = changes(before, after)
        nodes = {key: node for key, node in before.nodes.items() if key not in difference.removed}
        nodes |= {key: after.nodes[key] for key in (*difference.added, *difference.changed)}
        links = set(before.links) - set(difference.links_removed) | set(difference.links_added)
        assert (nodes, links) == (after.nodes, set(after.links))
        self.network = after

    @invariant()
    def is_whole(self) -> None:
        check_whole(self.network)
        for node in self.network.nodes.values():
            assert abs(node.x) <= CANVAS_LIMIT and abs(node.y) <= CANVAS_LIMIT


EditMachine.TestCase.settings = settings(max_examples=100, stateful_step_count=25, deadline=None)
TestEdits = EditMachine.TestCase

"""Any tables that inherit and refer to each other."""

from __future__ import annotations

from hypothesis import strategies as st

from agent.domain.resets.facts import ForeignKey
from agent.domain.table_facts import Inheritance

oids = st.integers(min_value=1, max_value=12)
edges = st.lists(
    st.tuples(oids, oids).filter(lambda edge: edge[0] < edge[1]), max_size=20
).map(lambda pairs: [Inheritance(parent_oid=p, child_oid=c) for p, c in pairs])
keys = st.lists(st.tuples(oids, oids), max_size=20).map(
    lambda pairs: [
        ForeignKey(oid=i, name=f"fk{i}", table_oid=a, referenced_oid=b, parent_oid=0)
        for i, (a, b) in enumerate(pairs, start=100)
    ]
)

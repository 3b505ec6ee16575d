"""The object database read directly: packs, loose objects, alternates; ``git cat-file`` for what that cannot read.

``planning.plan`` finds what there is and cuts it into slices; ``slices.read`` yields a slice's objects, in any
process. Git is asked when in doubt, and what git cannot read either is a skip.
"""

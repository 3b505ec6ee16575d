"""The object database read directly: packs, loose objects, alternates; ``git cat-file`` reads the rest.

``plan.plan`` lists the objects and cuts them into slices; ``slices.read`` yields the objects of a slice, in any
process. In doubt git reads them; an object that git cannot read either is a skip.
"""

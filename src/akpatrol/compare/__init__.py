"""Compare reports of several scanners: who has which finding, and why the others do not.

``document`` parses a file, one of ``readers`` recognises it by its content, ``hashing`` replaces secrets by names that
do not reveal them, ``match`` finds the same finding in several reports, ``reasons`` explains what is missing.
"""

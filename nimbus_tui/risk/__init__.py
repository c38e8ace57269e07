"""The law: how much of the wish is allowed?"""

"""The steps: how do we get from what rests to what should rest?"""

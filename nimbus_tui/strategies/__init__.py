"""The wishes: which orders should rest now?"""

"""The books: what do we own and earn?"""

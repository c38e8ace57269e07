"""The windows: panels that paint what view-models say."""

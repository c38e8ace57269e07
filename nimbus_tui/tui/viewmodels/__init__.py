"""What panels show, as text and tones: pure, without any Textual."""

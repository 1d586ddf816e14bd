"""The Flask app: its factory, what its views read (inputs) and answer (responses), and the endpoints."""

"""What an evaluation says, as values: `scoreboard.json`, its parts and its names. Types only; pure."""

"""How a lead finds its rep: rules, people, open work and turns in, one explained decision out."""

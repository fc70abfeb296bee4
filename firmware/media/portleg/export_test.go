package portleg

// Move lets tests move one frame each way; Run must not be running.
func (p *Pump) Move() error { return p.move() }

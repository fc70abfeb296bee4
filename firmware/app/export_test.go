package app

import "github.com/centralita/centralita/firmware/exchange"

// HangLoop keeps the control loop busy until free is closed.
func (h *House) HangLoop(free <-chan struct{}) {
	h.exchange.Post(exchange.Ping{Done: func() { <-free }})
}

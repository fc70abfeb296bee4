package app

import (
	"time"

	"github.com/centralita/centralita/firmware/health"
	"github.com/centralita/centralita/firmware/provision"
)

// holdProvision raises or clears the conditions of a file on the card: what came of
// it stays until the next start looks again.
func (h *House) holdProvision(now time.Time) {
	rec, err := provision.Load(h.dir)
	if err != nil {
		h.log.Error("provisioning", "err", err)
	}
	h.register.Hold(now, rec.State == provision.Refused, health.NotProvisioned())
	h.register.Hold(now, rec.State == provision.Taken && !rec.Wiped, health.NotWiped())
}

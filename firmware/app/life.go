package app

// liveOn tells the configuration's life that this house stands.
func (h *House) liveOn() {
	if h.life == nil {
		return
	}
	if err := h.life.Applied(); err != nil {
		h.log.Error("the configuration's life", "err", err)
	}
}

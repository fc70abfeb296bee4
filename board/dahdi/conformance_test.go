package dahdi

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"

	"github.com/centralita/centralita/board"
	"github.com/centralita/centralita/board/dahdi/abi"
	"github.com/centralita/centralita/hal/port"
	"github.com/centralita/centralita/hal/port/porttest"
)

// plugIn opens the first channel of m in a bubble and closes it at the end. What the
// start commanded is forgotten.
func plugIn(t *testing.T, m *modules, cfg Config) (port.Port, *channel) {
	t.Helper()
	cfg.Kernel, cfg.Channels, cfg.Log = m, []int{1}, slog.New(slog.NewTextHandler(t.Output(), nil))
	ports, reports := Open(context.Background(), cfg)
	if len(ports) != 1 || reports[0].State != board.Loaded {
		t.Fatalf("%v", reports)
	}
	t.Cleanup(func() {
		if err := ports[0].Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		synctest.Wait()
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.open != 0 {
			t.Errorf("%d devices are left open", m.open)
		}
	})
	c := m.channels[1]
	m.mu.Lock()
	defer m.mu.Unlock()
	c.commands = nil
	return ports[0], c
}

func TestConformance(t *testing.T) {
	for name, c := range map[string]struct {
		sig  uint32
		card bool
	}{
		"line of a card":          {abi.SigFXSKS, true},
		"line of a card, no kewl": {abi.SigFXSLS, true},
		"telephone of a card":     {abi.SigFXOKS, true},
		"telephone, no kewl":      {abi.SigFXOLS, true},
		"line of a span of bits":  {abi.SigFXSKS, false},
		"telephone of such":       {abi.SigFXOKS, false},
	} {
		t.Run(name, func(t *testing.T) {
			porttest.TestPort(t, func(t *testing.T) (port.Port, porttest.Wire) {
				m := newModules(c.sig)
				m.channels[1].card, m.channels[1].echo = c.card, c.card
				if !c.card {
					m.spanType = "DYNAM"
				}
				return plugIn(t, m, Config{})
			})
		})
	}
}

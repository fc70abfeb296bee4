package app

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/update/slotwire"
	"github.com/centralita/centralita/hal/slot"
)

func TestTheBootScriptsWords(t *testing.T) {
	for line, want := range map[string]bootArgs{
		"": {},
		"console=ttyAMA0 root=/dev/ram0 centralita.disk=/dev/vda centralita.slot=b centralita.trial=1 centralita.boot=3\n": {"/dev/vda", slot.B, true, 3},
		"centralita.slot=a centralita.boot=1 centralita.disk=/dev/mmcblk0":                                                 {"/dev/mmcblk0", slot.A, false, 1},
		"centralita.slot=recovery centralita.boot=x centralita.trial=0":                                                    {},
		"centralita.slot=a centralita.slot=b":                                                                              {Slot: slot.B},
	} {
		if got := parseBoot(line); got != want {
			t.Errorf("%q: %+v, want %+v", line, got, want)
		}
	}
}

func TestAKeeperWithoutSlotsSaysSo(t *testing.T) {
	c := &keeperCmd{Data: t.TempDir()}
	handlers := c.slots(nil, slog.New(slog.DiscardHandler))
	for _, name := range []string{slotwire.Slots, slotwire.Stage, slotwire.Try, slotwire.Commit, slotwire.Rollback, slotwire.USB} {
		h := handlers[name]
		if h == nil {
			t.Fatalf("there is no %s", name)
		}
		if _, err := h(t.Context(), nil, func(any) {}); err == nil || !strings.Contains(err.Error(), "no slots A and B") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheMachineStartedBeforeUs(t *testing.T) {
	now := time.Now()
	if at := booted(now); !at.Before(now) || now.Sub(at) > 10*365*24*time.Hour {
		t.Errorf("started %s", at)
	}
}

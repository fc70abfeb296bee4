package app

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/centralita/centralita/board"
	"github.com/centralita/centralita/board/atmodem"
	"github.com/centralita/centralita/board/dahdi"
	"github.com/centralita/centralita/firmware/config"
	"github.com/centralita/centralita/firmware/console"
	"github.com/centralita/centralita/hal/port"
)

// What drivers say when hardware is not there or is none must be Spanish for who
// reads Spanish: the console knows every sentence.
func TestReportsAreKnownToTheConsole(t *testing.T) {
	folder := t.TempDir()
	house := &House{cfg: &config.Config{}, out: &Outside{}, log: slog.New(slog.DiscardHandler)}
	house.cfg.Board.FXO, house.cfg.Board.FXS = 1, 1
	modem := func(device string) board.Driver {
		return board.Driver{Name: "modem", Open: func(ctx context.Context) ([]port.Port, []board.Report) {
			return openModem(ctx, config.Modem{Name: "modem1", Device: device}, atmodem.OpenSerial, house.log)
		}}
	}
	b := board.Open(context.Background(), []board.Driver{
		{Name: "sim", Open: house.openSim}, house.openDAHDI(&config.DAHDI{}), dahdi.Driver(dahdi.Config{Kernel: dahdi.System(folder)}),
		modem(folder), modem("/dev/null"), modem(filepath.Join(folder, "nothing")),
		{Name: "modem", Open: func(ctx context.Context) ([]port.Port, []board.Report) {
			return openModem(ctx, config.Modem{Name: "modem2", Device: "/dev/ttyACM0"}, nil, house.log)
		}},
	})
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	b.Take("fxo7", port.FXO)
	b.Take("fxs1", port.FXO)
	if n := len(b.Reports()); n != 9 {
		t.Fatalf("%d reports: %v", n, b.Reports())
	}
	for _, r := range b.Reports() {
		for _, text := range []string{r.What, r.Why, r.Hint} {
			if text != "" && console.Spanish(text) == text {
				t.Errorf("%s: %q has no Spanish", r, text)
			}
		}
	}
}

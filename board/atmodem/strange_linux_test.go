package atmodem_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/centralita/centralita/board/atmodem"
)

// A folder and a file in the place of a modem are called what they are.
func TestNoSerialLine(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "modem")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, device := range []string{folder, file, "/dev/null"} {
		_, r := atmodem.Open(context.Background(), atmodem.Config{Name: "fxo1", Device: device})
		if want := device + " is no serial line; correct the device of the modem"; r.Outcome != atmodem.Failed || r.Why != want {
			t.Errorf("%s: %s: %q", device, r.Outcome, r.Why)
		}
	}
}

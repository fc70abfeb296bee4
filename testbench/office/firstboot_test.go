package office

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/firmware/app"
	"github.com/centralita/centralita/hal/serial"
	"github.com/centralita/centralita/hal/serial/serialtest"
	"github.com/centralita/centralita/testbench/expect"
)

// A technician's first visit in virtual time is, letter for letter, what the built
// program says at a real terminal line (testbench/peers, which keeps the transcripts).
func TestFirstBoot(t *testing.T) {
	pack, err := Pack(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range []string{"es", "en"} {
		t.Run(lang, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cable := &serialtest.Cable{Title: "/dev/ttyS1"}
				_ = cable.Plug() // it cannot fail
				d := expect.New(t, cable.Far())
				doc := strings.Replace(expect.House, "console: LINE", "console: /dev/ttyS1", 1)
				o := OpenKept(t, 5, doc, pack, func(out *app.Outside) {
					out.Console = func(string) serial.Device { return cable }
				})
				defer o.Stop()
				expect.FirstBoot(d, expect.Visit{Lang: lang, Name: "maria", Password: "tres tristes tigres", Line: "L2", Trial: 10 * time.Second})
				want, err := os.ReadFile(filepath.Join("..", "peers", "testdata", "first-boot."+lang+".txt"))
				o.must(err)
				if got := expect.Transcript(d.String()); got != string(want) {
					t.Errorf("the transcript is\n%s\nand at a real line\n%s", got, want)
				}
			})
		})
	}
}

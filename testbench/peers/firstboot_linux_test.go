package peers

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/testbench/expect"
)

var update = flag.Bool("update", false, "write the golden transcripts anew; read the diff before you keep them")

// A technician's first visit to the built program at a real terminal line, as he sees
// it, in both languages: the same letters as in virtual time (testbench/office).
func TestFirstBoot(t *testing.T) {
	for _, lang := range []string{"es", "en"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			c, d := terminal(t)
			doc := strings.Replace(expect.House, "console: LINE", "console: "+c.Link, 1)
			h := NewDaemon(t, bin, doc)
			expect.FirstBoot(d, expect.Visit{Lang: lang, Name: "maria", Password: "tres tristes tigres", Line: "L2", Trial: 10 * time.Second})
			h.Stop()
			if err := d.Err(); err != nil {
				t.Errorf("not plain text: %v", err)
			}
			golden(t, filepath.Join("testdata", "first-boot."+lang+".txt"), expect.Transcript(d.String()))
		})
	}
}

// golden compares text with a file.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		must(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	must(t, err)
	if got != string(want) {
		t.Errorf("%s is now\n%s\nwas\n%s", file, got, want)
	}
}

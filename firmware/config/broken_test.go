package config

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/centralita/centralita/firmware/config/spanish"
	"github.com/centralita/centralita/firmware/tel"
)

var update = flag.Bool("update", false, "write the problems seen beside the broken documents; read them before committing")

// spoken are the prompts the documents of the tests may say.
func spoken(_ tel.Lang, id string) bool {
	return strings.Contains(" main-menu goodbye choose-language good-morning music x hours-intro hours-day-to hours-from hours-to hours-and hours-closed ", " "+id+" ")
}

func TestBrokenDocuments(t *testing.T) {
	files, err := filepath.Glob("testdata/broken/*.yaml")
	if err != nil || len(files) < 30 {
		t.Fatalf("there are %d broken documents: %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			cfg, problems := Parse(filepath.Base(file), data, spoken)
			if cfg != nil || len(problems) == 0 {
				t.Fatal("the document was taken as sound")
			}
			var got strings.Builder
			for _, p := range problems {
				got.WriteString(p.String() + "\n")
				if p.Hint == "" {
					t.Errorf("no hint: %s", p)
				}
				if es := spanish.Problem(p); es.What == p.What || es.Why == p.Why || es.Hint == p.Hint {
					t.Errorf("not all of it is said in Spanish: %s", es)
				}
			}
			golden := strings.TrimSuffix(file, ".yaml") + ".want"
			if *update {
				if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got.String() != string(want) {
				t.Errorf("got\n%swant\n%s", got.String(), want)
			}
		})
	}
}

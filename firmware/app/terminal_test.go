package app

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/centralita/centralita/firmware/console"
)

// A script whose next line cannot be read has not come to its end, and says so.
func TestAScriptThatCannotBeReadToItsEnd(t *testing.T) {
	var out, errs bytes.Buffer
	text := "# a remark\n\n" + strings.Repeat("x", 1<<17) + "\nstatus\n"
	code := script(t.Context(), filepath.Join(t.TempDir(), "none"), strings.NewReader(text), &out, &errs)
	if code != console.NotFine || !strings.Contains(errs.String(), "cannot read the next command") {
		t.Errorf("it ends with %d: %q", code, errs.String())
	}
	if code := script(t.Context(), "", strings.NewReader("# nothing to do\nexit\n"), &out, &errs); code != console.Fine {
		t.Errorf("a script that ends: %d", code)
	}
}

package console

import (
	"bytes"
	"strings"
	"testing"

	"github.com/centralita/centralita/firmware/tel"
)

// TestRolesBoundTheTable asks for every command with every role: what the row
// forbids is refused before it runs, and help does not show it.
func TestRolesBoundTheTable(t *testing.T) {
	c := New(Deps{Lang: tel.English})
	for role := tel.Nobody; role <= tel.Owner; role++ {
		who := tel.Who{Name: "maria", Role: role, Via: tel.DoorSerial}
		var help bytes.Buffer
		c.do(t.Context(), asked{who: who, args: []string{"help"}, out: &help, sh: &shell{lang: tel.English}})
		for _, cmd := range commands {
			args := append(strings.Fields(cmd.name), strings.Fields(strings.Repeat("1 ", cmd.least))...)
			var out bytes.Buffer
			code := c.ExecAs(t.Context(), who, args, &out)
			refused := code == NotFine && strings.Contains(out.String(), "is for")
			if want := role < cmd.role; refused != want {
				t.Errorf("%s as %s: code %d, %q; want refused: %v", cmd.name, role, code, out.String(), want)
			}
			if shown := strings.Contains("\n"+help.String(), "\n"+cmd.name+" "); shown != (role >= cmd.role) {
				t.Errorf("help of %s shows %s: %v", role, cmd.name, shown)
			}
		}
	}
}

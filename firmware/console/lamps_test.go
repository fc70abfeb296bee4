package console

import (
	"bytes"
	"testing"

	"github.com/centralita/centralita/firmware/tel"
)

func TestPanelTest(t *testing.T) {
	tests := 0
	c := New(Deps{Lang: tel.Spanish, TestLamps: func() { tests++ }})
	var out bytes.Buffer
	who := tel.Who{Name: "maria", Role: tel.Technician, Via: tel.DoorSerial}
	if code := c.ExecAs(t.Context(), who, []string{"panel", "test"}, &out); code != Fine || tests != 1 || !bytes.Contains(out.Bytes(), []byte("Todas las luces")) {
		t.Errorf("code %d, %d tests, says %q", code, tests, out.String())
	}
	if code := New(Deps{}).ExecAs(t.Context(), who, []string{"panel", "test"}, &out); code == Fine {
		t.Error("a house that is not there tests its lamps")
	}
}

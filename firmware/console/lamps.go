package console

import (
	"context"

	"github.com/centralita/centralita/firmware/tel"
)

// panelCommands order the front of the box.
var panelCommands = []command{
	{"panel test", "", "prueba de luces: todas, color a color", "lamp test: every lamp, colour by colour", 0, 0, false, tel.Technician, "", testPanel},
}

// testPanel lights every lamp of the front, as the button for it does.
func testPanel(_ context.Context, s *session) int {
	if s.c.d.TestLamps == nil {
		return s.stopped()
	}
	s.c.d.TestLamps()
	s.printf("%s\n", s.t("Todas las luces: verde, rojo, ámbar y ámbar tenue, un segundo cada uno.", "Every lamp: green, red, amber and dim amber, a second each."))
	return Fine
}

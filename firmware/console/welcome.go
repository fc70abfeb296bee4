package console

import (
	"cmp"

	"github.com/centralita/centralita/firmware/tel"
)

// banner is what stands before anybody has said who he is: nothing secret.
func (s *shell) banner() {
	_ = s.write([]byte("\r\n")) // broken keeps the error
	s.title()
	s.say("%s", s.t("Ayuda: ? o help. English: lang en", "Help: ? or help. Español: lang es"))
	s.hint()
}

// title says who the box is.
func (s *shell) title() { s.say("%s", safe(cmp.Or(s.c.d.Title, "Centralita"))) }

// hint says how to get in.
func (s *shell) hint() {
	a := s.c.d.Access
	switch {
	case s.who.Role > tel.Nobody || a == nil:
	case a.Claimed():
		s.say("%s", s.t("Para entrar: login", "To enter: login"))
	default:
		code, until := a.Code()
		s.say("%s", s.t("Todavía no tiene dueño. Para serlo desde aquí: claim", "It has no owner yet. To become it from here: claim"))
		if code != "" {
			s.say(s.t("Código para el navegador, hasta las %[2]s: %[1]s", "Code for the browser, until %[2]s: %[1]s"),
				code, until.In(s.c.d.Location).Format("15:04"))
		}
	}
}

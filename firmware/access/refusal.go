package access

import (
	"fmt"
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// Refusal is a "no" for people, in both languages.
type Refusal struct {
	ES, EN string
	Wait   time.Duration // when to try again makes sense; 0: it does not depend on time
	Bad    bool          // what was typed is no name, password, role or key; not a matter of who asks
}

func (r *Refusal) Error() string { return r.EN }

// In says it in one language.
func (r *Refusal) In(l tel.Lang) string {
	if l == tel.English {
		return r.EN
	}
	return r.ES
}

// RetryAfter is when to try again makes sense, as HTTP says it.
func (r *Refusal) RetryAfter() time.Duration { return r.Wait }

// Malformed reports that what was typed is at fault, not who typed it.
func (r *Refusal) Malformed() bool { return r.Bad }

// Refusals that need no values. The one of a log-in does not tell which of the two
// was wrong.
var (
	errDenied = &Refusal{ES: "nombre o contraseña incorrectos", EN: "wrong name or password"}
	errBusy   = &Refusal{ES: "hay demasiadas entradas a la vez; pruebe otra vez en unos segundos", EN: "too many log-ins at once; try again in a few seconds", Wait: 5 * time.Second}

	errUnclaimed = &Refusal{ES: "la central no tiene dueño todavía; pista: claim", EN: "the box has no owner yet; hint: claim"}
	errClaimed   = &Refusal{ES: "la central ya tiene dueño; pista: login", EN: "the box has an owner already; hint: login"}
	errTicket    = &Refusal{ES: "el código venció mientras elegía; escriba el que la pantalla muestra ahora", EN: "the code ran out meanwhile; type the one that the display shows now"}
	errRole      = &Refusal{ES: "eso es cosa del dueño", EN: "that is for the owner"}
	errOld       = &Refusal{ES: "la contraseña de ahora no es esa", EN: "that is not the present password"}
	errLast      = &Refusal{ES: "es el último dueño: nombre otro antes", EN: "this is the last owner: name another first"}
)

func locked(wait time.Duration) *Refusal {
	return &Refusal{ES: "demasiados intentos; espere " + span(wait), EN: "too many tries; wait " + span(wait), Wait: wait}
}

func wrongCode(left int, wait time.Duration) *Refusal {
	if wait > 0 {
		return &Refusal{ES: fmt.Sprintf("demasiados códigos equivocados; espere %s y lea el nuevo", span(wait)),
			EN: fmt.Sprintf("too many wrong codes; wait %s and read the new one", span(wait)), Wait: wait}
	}
	return &Refusal{ES: fmt.Sprintf("ese no es el código; quedan %d intentos antes de una espera", left),
		EN: fmt.Sprintf("that is not the code; %d tries are left before a wait", left)}
}

func noSuch(name string) *Refusal {
	return &Refusal{ES: fmt.Sprintf("no hay cuenta %q; pista: people list", name), EN: fmt.Sprintf("there is no account %q; hint: people list", name), Bad: true}
}

func bad(es, en string) *Refusal { return &Refusal{ES: es, EN: en, Bad: true} }

// span says a wait as minutes and seconds, never nothing.
func span(d time.Duration) string {
	n := max(1, int((d+time.Second-1)/time.Second))
	return fmt.Sprintf("%d:%02d", n/60, n%60)
}

package ctl

import (
	"fmt"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// Code says why a bundle was refused, for programs.
type Code string

// The reasons, in the order in which they are looked for.
const (
	NotABundle Code = "not_a_bundle" // it begins as no bundle does
	Truncated  Code = "truncated"    // it ends before its end
	Malformed  Code = "malformed"    // a length or the manifest says what cannot be
	UnknownKey Code = "unknown_key"  // signed, by nobody this box trusts
	Signature  Code = "signature"    // a trusted key's signature does not fit
	TooFewKeys Code = "too_few_keys" // fewer trusted signatures than the box asks for
	WrongBoard Code = "board"        // made for another board
	OldBoot    Code = "boot"         // it needs a newer boot loader
	Older      Code = "older"        // an older number than what runs
	BelowFloor Code = "floor"        // a number that is shut out for good
	Expired    Code = "expired"
	TooLarge   Code = "too_large" // the slot has no room
	Damaged    Code = "damaged"   // the payload is not the one that was signed
	Trailing   Code = "trailing"  // something follows the payload
)

// Refusal is why a bundle was refused, in a person's words.
type Refusal struct {
	Code Code   `json:"code"`
	ES   string `json:"es"`
	EN   string `json:"en"`
}

// Error implements error, in English.
func (r *Refusal) Error() string { return r.EN }

// In is the sentence in a language.
func (r *Refusal) In(l tel.Lang) string {
	if l == tel.English {
		return r.EN
	}
	return r.ES
}

func refuse(code Code, es, en string) *Refusal { return &Refusal{code, es, en} }

func notABundle() *Refusal {
	return refuse(NotABundle, "no es un paquete de actualización de Centralita", "it is no update bundle of Centralita")
}

func truncated() *Refusal {
	return refuse(Truncated, "el paquete está incompleto; vuelva a bajarlo o a copiarlo", "the bundle is incomplete; download or copy it again")
}

func malformed(why string) *Refusal {
	return refuse(Malformed, "el paquete está mal formado ("+why+")", "the bundle is malformed ("+why+")")
}

func unknownKey(ids []KeyID) *Refusal {
	if len(ids) == 0 {
		return refuse(UnknownKey, "el paquete no está firmado", "the bundle is not signed")
	}
	var names []string
	for _, id := range ids {
		names = append(names, id.String())
	}
	list := strings.Join(names, ", ")
	return refuse(UnknownKey, "está firmado con una clave que esta caja no conoce ("+list+")", "it is signed with a key that this box does not know ("+list+")")
}

func badSignature(id KeyID) *Refusal {
	return refuse(Signature, "la firma de la clave "+id.String()+" no corresponde: el paquete fue alterado",
		"the signature of key "+id.String()+" does not fit: the bundle was altered")
}

func tooFewKeys(have, want int) *Refusal {
	return refuse(TooFewKeys, fmt.Sprintf("tiene %d firmas de confianza y hacen falta %d", have, want), fmt.Sprintf("it has %d trusted signatures and needs %d", have, want))
}

func wrongBoard(made, box string) *Refusal {
	return refuse(WrongBoard, fmt.Sprintf("es para la placa %s y esta es %s", made, box), fmt.Sprintf("it is for the board %s and this is %s", made, box))
}

func oldBoot(want, have uint64) *Refusal {
	return refuse(OldBoot, fmt.Sprintf("pide el arrancador %d y esta caja tiene el %d; grabe la tarjeta de nuevo", want, have),
		fmt.Sprintf("it needs boot loader %d and this box has %d; flash the card anew", want, have))
}

func older(number, running uint64) *Refusal {
	return refuse(Older, fmt.Sprintf("es la número %d, más vieja que la %d que funciona; solo se puede desde la consola serie, añadiendo older", number, running),
		fmt.Sprintf("it is number %d, older than %d, which runs; only the serial console may do that, with older behind the order", number, running))
}

func belowFloor(number, floor uint64) *Refusal {
	return refuse(BelowFloor, fmt.Sprintf("es la número %d y ya no se acepta ninguna por debajo de %d; solo se puede desde la consola serie, añadiendo older", number, floor),
		fmt.Sprintf("it is number %d and none below %d is accepted any more; only the serial console may do that, with older behind the order", number, floor))
}

func expired(at time.Time) *Refusal {
	day := at.UTC().Format("2006-01-02")
	return refuse(Expired, "venció el "+day+"; pida uno nuevo", "it expired on "+day+"; ask for a new one")
}

func tooLarge(size, room int64) *Refusal {
	return refuse(TooLarge, fmt.Sprintf("su imagen ocupa %d bytes y la ranura tiene %d", size, room), fmt.Sprintf("its image has %d bytes and the slot has room for %d", size, room))
}

func damaged() *Refusal {
	return refuse(Damaged, "el contenido no es el que se firmó; vuelva a bajarlo o a copiarlo", "the content is not what was signed; download or copy it again")
}

func trailing() *Refusal {
	return refuse(Trailing, "sigue algo después del final del paquete", "something follows the end of the bundle")
}

package access

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/centralita/centralita/firmware/tel"
)

// Bounds of what people choose.
const (
	MinPassword = 10 // characters
	MaxPassword = 200
	MaxName     = 32
	MaxPeople   = 200
	MaxKeys     = 10 // a person
)

// CleanName brings the name of an account to its one form, or says what is wrong.
func CleanName(name string) (string, error) {
	n := strings.ToLower(strings.TrimSpace(name))
	ok := n != "" && len(n) <= MaxName && n[0] >= 'a' && n[0] <= 'z'
	for _, c := range []byte(n) {
		ok = ok && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '_')
	}
	switch {
	case !ok:
		return "", bad(fmt.Sprintf("el nombre de una cuenta tiene de 1 a %d letras de la a a la z sin acento, cifras, punto, guion; empieza por letra", MaxName),
			fmt.Sprintf("an account's name has 1 to %d letters from a to z, digits, dot, dash; it begins with a letter", MaxName))
	case slices.Contains([]string{string(tel.DoorSocket), string(tel.DoorSerial), string(tel.DoorSSH), string(tel.DoorWeb), string(tel.DoorButton), "nobody"}, n):
		return "", bad(fmt.Sprintf("%q no es nombre de persona aquí; elija otro", n), fmt.Sprintf("%q is no person's name here; choose another", n))
	}
	return n, nil
}

// common are passwords of enough letters that everybody tries first.
var common = []string{"password", "contraseña", "contrasena", "centralita", "administrador", "administrator", "qwertyuiop", "1234567890", "0123456789", "asdfghjkl", "iloveyou", "bienvenido", "bienvenidos", "letmein", "telefonica"}

// CheckPassword says why a password will not do. Length is what counts (NIST SP
// 800-63B, 5.1.1.2); letters, digits and signs are nobody's business.
func CheckPassword(name, password string) error {
	n := utf8.RuneCountInString(password)
	lower := strings.ToLower(password)
	bare := strings.TrimFunc(lower, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	word := strings.TrimRightFunc(bare, unicode.IsDigit)
	kinds := map[rune]bool{}
	for _, r := range lower {
		kinds[r] = true
	}
	switch {
	case !utf8.ValidString(password):
		return bad("la contraseña tiene letras que no se entienden", "the password has letters that cannot be read")
	case n < MinPassword:
		return bad(fmt.Sprintf("la contraseña necesita %d letras o más; una frase vale", MinPassword), fmt.Sprintf("the password needs %d letters or more; a sentence will do", MinPassword))
	case n > MaxPassword:
		return bad(fmt.Sprintf("la contraseña tiene %d letras; caben %d", n, MaxPassword), fmt.Sprintf("the password has %d letters, %d fit", n, MaxPassword))
	case name != "" && (bare == name || word == name || strings.ReplaceAll(lower, name, "") == ""):
		return bad("la contraseña no puede ser el nombre", "the password cannot be the name")
	case slices.Contains(common, bare) || slices.Contains(common, word):
		return bad("esa contraseña es de las que todos prueban primero", "that password is one that everybody tries first")
	case len(kinds) < 5:
		return bad("la contraseña repite siempre lo mismo", "the password repeats itself")
	}
	return nil
}

// Package access knows who may enter: the claim by which a box gets its first
// owner, the accounts of its people with their roles, their log-ins, sessions and
// SSH keys. One file in the data folder, which only its owner can read, holds the
// accounts; passwords are kept as argon2id (RFC 9106). Codes, tokens and salts come
// from the kernel (getrandom). Whatever somebody tried or changed is told to the
// book; no password, code or token ever is.
//
// A door (web, SSH, serial line, socket) asks this package who somebody is, and
// compares the role with what the thing asked for needs.
package access

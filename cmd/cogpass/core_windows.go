package main

// noCore does nothing: Windows keeps no dump of a Go program unless an
// administrator has asked for it.
func noCore() {}

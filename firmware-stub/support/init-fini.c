/* newlib's start and end of a program call these; initialisers are run by the host, input by input. */
void _init(void) {}

void _fini(void) {}

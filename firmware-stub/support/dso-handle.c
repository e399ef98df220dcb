/* Names the library that a destructor belongs to; here there is one. */
void *__dso_handle;

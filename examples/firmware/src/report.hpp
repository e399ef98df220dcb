#pragma once

void report_task();
void blink_task();
void door_task();

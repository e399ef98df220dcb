#include "pid.hpp"

static float clamp(float value, float low, float high) { return value < low ? low : value > high ? high : value; }

void pid_reset(Pid &pid) {
  pid.integral = 0;
  pid.last_error = 0;
  pid.first = true;
}

float pid_step(Pid &pid, float error, float dt) {
  const float slope = pid.first ? 0 : (error - pid.last_error) / dt;
  pid.first = false;
  pid.last_error = error;
  const float integral = pid.integral + error * dt;
  const float output = pid.gains.p * error + pid.gains.i * integral + pid.gains.d * slope;
  const float clamped = clamp(output, pid.low, pid.high);
  if (clamped == output) pid.integral = integral;
  return clamped;
}

/// imprint/robot.h: the Duckiebot: size, drive model, camera, lens and calibration. Everything here
/// is a plain value or constant after creation, so functions may be called from any thread.
#ifndef IMPRINT_ROBOT_H
#define IMPRINT_ROBOT_H

#include "imprint/base.h"
#include "imprint/conditions.h"

IMP_API_BEGIN

#define IMP_WHEEL_DISTANCE 0.102          ///< distance between the wheels [m]
#define IMP_WHEEL_RADIUS 0.0318           ///< [m]
#define IMP_ROBOT_WIDTH 0.15              ///< for collisions and validity [m]
#define IMP_ROBOT_LENGTH 0.18             ///< for collisions and validity [m]
#define IMP_CAMERA_FORWARD 0.066          ///< camera ahead of the centre of rotation [m]
#define IMP_CENTRE_FORWARD (0.066 - 0.09) ///< geometric centre ahead of the centre of rotation [m]
#define IMP_TIME_STEP (1.0 / 30.0)        ///< one simulated frame [s]

// duckietown-world's "DB18" motor model: damping, and acceleration per duty cycle.
#define IMP_SPEED_DAMPING 5.0           ///< [1/s]
#define IMP_ACCELERATION_GAIN 1.5       ///< [m/s^2]
#define IMP_TURN_DAMPING 4.0            ///< [1/s]
#define IMP_TURN_ACCELERATION_GAIN 15.0 ///< [rad/s^2]

/// Who drives. The numbers are stored in files: append only.
typedef enum imp_driver {
    IMP_DRIVER_EXPERT, ///< an expert of the simulator
    IMP_DRIVER_POLICY, ///< a network or another policy that is to be improved
    IMP_DRIVER_PERSON, ///< a person, or a program in a person's place
    IMP_DRIVER_COUNT
} imp_driver;

/// The word for it: "expert", "policy" or "person"; NULL past the last.
const char *imp_driver_name(int driver);

/// Two wheel duty cycles in [-1, 1].
typedef struct imp_action {
    double left, right;
} imp_action;

/// Clips both duty cycles to [-1, 1]; NaN becomes 0.
imp_action imp_action_clip(imp_action action);

/// gym-duckietown's inverse kinematics: forward speed [m/s] and turn rate [rad/s, positive to the
/// left] to clipped duty cycles, with gain 1, trim 0 and motor constant 27.
imp_action imp_action_from_velocity(double speed, double turn_rate);
/// The forward kinematics of the same model, without clipping.
void imp_velocity_from_action(imp_action action, double *speed, double *turn_rate);
/// Converts a network's two outputs to an action: duty cycles, or forward speed and turn rate if
/// `velocities`. Clipped.
imp_action imp_action_from_network(const float outputs[2], bool velocities);

/// A robot's wheel calibration, as Duckietown's file `kinematics` has it. A wheel turns at duty
/// cycle u with u * k / (gain + trim) on the right and u * k / (gain - trim) on the left [rad/s].
typedef struct imp_wheels {
    double gain, trim; ///< 1 and 0
    double k;          ///< motor constant [rad/s]; 27
    double limit;      ///< largest duty cycle, up to 1; 1
    double radius;     ///< of the wheels [m]; IMP_WHEEL_RADIUS
    double baseline;   ///< distance between the wheels [m]; IMP_WHEEL_DISTANCE
} imp_wheels;

/// The wheels that policies are trained for unless they say otherwise.
imp_wheels imp_default_wheels(void);

/// The duty cycles that make a robot with these wheels do what `action` does with the default ones.
/// If one exceeds the limit, both shrink by the same factor: the robot keeps its path and is
/// slower.
imp_action imp_wheels_correct_action(const imp_wheels *wheels, imp_action action);

/// The inverse: what the robot's duty cycles would be with the default wheels. Not clipped.
imp_action imp_wheels_normalise_action(const imp_wheels *wheels, imp_action action);

/// The longest command delay that imp_drive can hold [steps].
#define IMP_MAX_DELAY_STEPS 15

/// Parameters of the drive. AI-DO's simulator uses time steps of 0.05 s with 10 substeps. Obtain
/// with imp_default_drive_def(), then change fields.
typedef struct imp_drive_def {
    double delay;                        ///< time from a command to its effect [s]; 0.15
    double trim;                         ///< imbalance of the motors; 0
    double gain;                         ///< factor on the motors' acceleration; 1
    double wheel_radius, wheel_distance; ///< [m]; IMP_WHEEL_RADIUS and IMP_WHEEL_DISTANCE
    double time_step;                    ///< [s]; 1/30
    int substeps;                        ///< integration steps per time step; 1
    /// Commands are corrected for `wheels` before they act; see imp_wheels_correct_action(). false
    bool corrects_wheels;
    imp_wheels wheels; ///< imp_default_wheels()
    int cookie;        ///< set by imp_default_drive_def()
} imp_drive_def;

imp_drive_def imp_default_drive_def(void);

/// Sets gain, trim, radius and distance of the wheels of a drive to those for which a calibration
/// is right: with commands that are corrected by it, the drive is the usual one.
void imp_wheels_set_matching_drive(const imp_wheels *wheels, imp_drive_def *drive);

/// State of the drive: velocities, clock and pending commands. A plain value: copy it to simulate
/// ahead.
typedef struct imp_drive {
    imp_drive_def def;
    double speed;       ///< forward speed of the centre of rotation [m/s]
    double turn_rate;   ///< [rad/s], positive to the left
    double time;        ///< since reset [s], summed step by step as in gym-duckietown
    imp_action applied; ///< the command that acted in the last substep, before any correction
    int applied_index;  ///< its number since reset, counted from 0; -1 before the first acts
    int recorded;       ///< commands recorded since reset
    imp_action commands[IMP_MAX_DELAY_STEPS + 1];  ///< ring buffer of the last commands
    double command_times[IMP_MAX_DELAY_STEPS + 1]; ///< when each was given [s]
} imp_drive;

/// Initialises a drive at rest at time 0. *def is copied.
void imp_drive_reset(imp_drive *drive, const imp_drive_def *def);

/// Records a command at the present time, then integrates one time step with the command that is
/// due. That is the recorded command whose time is closest to (end of step - delay), the later of
/// two; none before time 0.
///
/// One step is forward Euler on u' = -5u + 1.5(r + l), w' = -4w + 15(1 + trim)r - 15(1 - trim)l
/// (other motors and wheels: imp_drive_acceleration_gain()). The pose then moves along the SE(2)
/// exponential of the new velocities. With substeps, each is such a step, and the command counts as
/// given at its beginning. Commands are clipped to [-1, 1]. (duckietown-world, "DB18" model.)
void imp_drive_step(imp_drive *drive, imp_pose *pose, imp_action command);

/// Stops the drive at once and drops all pending commands.
void imp_drive_stop(imp_drive *drive);

/// Acceleration per duty cycle, forward [m/s^2] and in turning [rad/s^2]: IMP_ACCELERATION_GAIN and
/// IMP_TURN_ACCELERATION_GAIN, times gain and relative wheel radius. Turning is also inversely
/// proportional to the wheel distance.
double imp_drive_acceleration_gain(const imp_drive_def *def);
double imp_drive_turn_acceleration_gain(const imp_drive_def *def);

/// Updates the velocities for one substep in which the command `applied` acts.
void imp_drive_update_velocities(const imp_drive_def *def, imp_action applied, double *speed,
                                 double *turn_rate);

/// Moves a pose for dt seconds at constant velocities, along a circular arc.
imp_pose imp_pose_integrate(imp_pose pose, double speed, double turn_rate, double dt);

/// Named lens models.
typedef enum imp_lens_kind {
    IMP_LENS_NONE,       ///< rectilinear
    IMP_LENS_DUCKIEBOT,  ///< gym-duckietown's plumb-bob lens parameters
    IMP_LENS_CUSTOM,     ///< given parameters, with gym-duckietown's warp of a rectilinear image
    IMP_LENS_CALIBRATED, ///< a robot's own: pixels look exactly where its calibration says
} imp_lens_kind;

/// How a lens bends rays: OpenCV's models, under ROS's names.
typedef enum imp_lens_model {
    IMP_LENS_PLUMB_BOB,   ///< radial polynomial k1, k2, k3 and tangential p1, p2
    IMP_LENS_RATIONAL,    ///< the same with a denominator: k4, k5, k6 ("rational_polynomial")
    IMP_LENS_EQUIDISTANT, ///< fisheye: a polynomial k1, k2, k3, k4 of the angle from the axis
} imp_lens_model;

/// The name of a lens model in ROS's messages; NULL past the last. Static.
const char *imp_lens_model_name(int model);

/// A lens by OpenCV's models, for images of width x height pixels.
typedef struct imp_lens {
    imp_lens_kind kind;
    imp_lens_model model;  ///< IMP_LENS_PLUMB_BOB
    int width, height;     ///< image size that fx..cy refer to [px]
    double fx, fy, cx, cy; ///< [px], cx and cy from the image's top left corner
    double k1, k2, p1, p2, k3;
    double k4, k5, k6; ///< of the other models; 0
} imp_lens;

/// Whether all members are equal.
bool imp_lens_equals(const imp_lens *a, const imp_lens *b);

/// The name of a lens kind: "none", "duckiebot", "custom" or "calibrated". Static.
const char *imp_lens_name(imp_lens_kind kind);
/// The name that datasets and models use if the lens is unknown.
#define IMP_LENS_UNKNOWN "unknown"
imp_lens imp_lens_none(void);
imp_lens imp_lens_duckiebot(void);

/// Distortion of a point of the plane z = 1. Plumb bob: Brown, 1966; rational: Claus and
/// Fitzgibbon, 2005; equidistant: Kannala and Brandt, 2006; all in OpenCV's form.
void imp_lens_distort(const imp_lens *lens, double x, double y, double *distorted_x,
                      double *distorted_y);

/// The inverse of imp_lens_distort(), by damped Newton iterations. Returns false where there is no
/// inverse because the polynomial folds back.
bool imp_lens_undistort(const imp_lens *lens, double distorted_x, double distorted_y, double *x,
                        double *y);

/// Intrinsics of a rectilinear image without distortion.
typedef struct imp_pinhole {
    double fx, fy, cx, cy; ///< [px]
} imp_pinhole;

/// The intrinsics of the largest rectilinear image of the lens's own size without empty corners:
/// OpenCV's getOptimalNewCameraMatrix() for alpha = 0, with OpenCV's five fixed-point steps. If
/// these diverge, as for a polynomial that folds inside the image, an exact inversion is used.
/// Border points beyond a fold are then replaced by the last point before it.
imp_pinhole imp_lens_rectified_pinhole(const imp_lens *lens);

/// A robot's camera calibration.
typedef struct imp_calibration {
    imp_lens lens;
    imp_pinhole projection; ///< of rectified images of the lens's size; cx and cy count from
                            ///< the centre of the first pixel, as in OpenCV and ROS
} imp_calibration;

/// The Duckiebot's default calibration: its lens, and the projection its software rectifies with.
imp_calibration imp_calibration_duckiebot(void);

/// Reads a camera's calibration: YAML in the format of ROS's camera_info, as Duckiebots write it.
/// Keys: image_width, image_height, camera_matrix, distortion_model (plumb_bob,
/// rational_polynomial, equidistant), distortion_coefficients, and optionally projection_matrix,
/// which defaults to imp_lens_rectified_pinhole(). Fails with IMP_BAD_INPUT and "file:line:
/// reason", or IMP_IO.
imp_status imp_calibration_read(imp_calibration *out, const char *path, imp_error *err);

/// A lookup table that makes images of one camera look as those of another. Constant after
/// creation.
typedef struct imp_undistorter imp_undistorter;

/// Creates a table for images of width x height pixels; the calibration is scaled to that size.
/// Free with imp_undistorter_destroy(). Fails with IMP_USAGE if the lens is none or invalid, and
/// with IMP_NO_MEMORY.
imp_status imp_undistorter_create(imp_undistorter **out, const imp_calibration *from, int width,
                                  int height, imp_error *err);
void imp_undistorter_destroy(imp_undistorter *undistorter); ///< nullable

/// Converts an image of (height x width x 3) bytes to another; pixels that the camera does not show
/// are black. Bilinear, with weights of 1/32. Allocates nothing; thread-safe.
void imp_undistorter_apply(const imp_undistorter *undistorter, const uint8_t *rgb, uint8_t *out);

/// Mounting and optics of the camera. Obtain with imp_default_camera_def(), then change fields.
typedef struct imp_camera_def {
    int width, height;    ///< image size [px], 1..8192; 80 x 60
    double mount_height;  ///< above the ground [m]; 0.108
    double mount_forward; ///< ahead of the centre of rotation [m]; 0.066
    double mount_right;   ///< to the right of it [m]; 0
    double pitch;         ///< positive downwards [rad]; 19.15 degrees
    double field_of_view; ///< vertical, of the rectilinear image [rad]; 75 degrees
    imp_lens lens;        ///< scaled to the image's size; imp_lens_duckiebot()
    int cookie;
} imp_camera_def;

imp_camera_def imp_default_camera_def(void);

/// A checked camera with derived intrinsics. A plain value.
typedef struct imp_camera {
    imp_camera_def def;
    imp_pinhole plain;     ///< of the rectilinear image, in the lens's size if there is one
    imp_pinhole rectified; ///< of the lens; see imp_lens_rectified_pinhole()
} imp_camera;

/// Checks a definition and prepares a camera. Fails with IMP_USAGE, naming the field, if a value is
/// not finite or out of range, or if the lens shows nothing anywhere in its image.
imp_status imp_camera_init(imp_camera *camera, const imp_camera_def *def, imp_error *err);

/// Sets the numbers of the robot (IMP_INPUT_ROBOT) as a network meets it: where commands are
/// corrected for wheels, what is left of gain, trim, radius and distance; and the camera that its
/// images are of.
void imp_conditions_set_robot(imp_conditions *conditions, const imp_drive_def *drive,
                              double camera_pitch, double camera_height);

/// Creates a table that makes images of one camera look as another on the same robot would see
/// them, both of width x height pixels. Points of the ground come out exactly; all else is taken to
/// be far away. Free with imp_undistorter_destroy(). Fails with IMP_USAGE if a camera is invalid,
/// and with IMP_NO_MEMORY.
imp_status imp_undistorter_create_between(imp_undistorter **out, const imp_camera_def *from,
                                          const imp_camera_def *to, int width, int height,
                                          imp_error *err);

/// Converts an image point to a viewing direction in camera coordinates (x right, y down, z = 1).
/// (px, py) is in pixels: (0, 0) is the top left corner of the image, (width, height) the bottom
/// right one. Returns false where the lens shows nothing (see imp_lens_undistort()).
///
/// The image of a lens is scaled to width x height; without a lens pixels are square.
/// gym-duckietown applies distortion to its rectilinear image as if that were the rectified image,
/// so its lens sees less than the robot's. A calibrated lens sees what the robot's sees, and
/// field_of_view is ignored.
bool imp_camera_pixel_to_ray(const imp_camera *camera, double px, double py, double *x, double *y);

/// The inverse of imp_camera_pixel_to_ray(). The point may lie outside the image. Returns false
/// where the lens does not show the direction.
bool imp_camera_ray_to_pixel(const imp_camera *camera, double x, double y, double *px, double *py);

/// Sets *camera to a lens-free camera at `position` that looks at `target`, both (x, y up, z) [m],
/// and *pose to the pose to draw with. Fails with IMP_USAGE if both points coincide or the camera
/// is not above the ground.
imp_status imp_camera_look_at(imp_camera_def *camera, imp_pose *pose, const double position[3],
                              const double target[3], imp_error *err);

IMP_API_END

#endif
